using Hypr.Cli;
using Hypr.Cli.Terminal;

return App.Run(args, StandardStreams.OfProcess(), System.Environment.GetEnvironmentVariable, TimeProvider.System);
