using Xunit.Sdk;
using Xunit.v3;

// Tests that count the process's sockets must have it to themselves.
[assembly: Parallelization(Mode = ParallelMode.None)]
