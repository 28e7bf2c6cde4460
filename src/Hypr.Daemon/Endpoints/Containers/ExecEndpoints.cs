using Hypr.Api.Contracts;
using Hypr.Daemon.Hijack;
using Hypr.Daemon.Http;
using Hypr.Engine.Machines;
using Hypr.Primitives;
using Microsoft.AspNetCore.Http;

namespace Hypr.Daemon.Endpoints.Containers;

/// <summary>Exec, but for its start (see <see cref="HijackHandler"/>).</summary>
internal static class ExecEndpoints
{
    public static void Map(Router routes)
    {
        routes.Map("POST", "/containers/{name}/exec", CreateAsync);
        routes.Map("GET", "/exec/{name}/json", InspectAsync);
        routes.Map("POST", "/exec/{name}/resize", ResizeAsync);
    }

    private static async Task CreateAsync(ApiCall call)
    {
        var request = await call.ReadAsync(HyprJson.Wire.CreateExecRequest);
        if (request.Cmd is not { Count: > 0 })
        {
            throw HyprException.Invalid("No exec command specified");
        }

        var id = call.Engine.CreateExec(call.Name, new ExecConfig
        {
            Cmd = request.Cmd,
            Env = request.Env ?? [],
            User = request.User ?? "",
            WorkingDir = request.WorkingDir ?? "",
            Tty = request.Tty,
            AttachStdin = request.AttachStdin,
            AttachStdout = request.AttachStdout,
            AttachStderr = request.AttachStderr,
            Detach = request.Detach,
            Privileged = request.Privileged,
        });
        await call.JsonAsync(new IdResponse { Id = id }, HyprJson.Wire.IdResponse, StatusCodes.Status201Created);
    }

    private static Task InspectAsync(ApiCall call)
    {
        var exec = call.Engine.Exec(call.Name);
        return call.JsonAsync(new ExecInspect
        {
            Id = exec.Id,
            Running = exec.Running,
            ExitCode = exec.ExitCode,
            ProcessConfig = new ExecProcess
            {
                Tty = exec.Config.Tty,
                Entrypoint = exec.Config.Cmd[0],
                Arguments = [.. exec.Config.Cmd.Skip(1)],
                Privileged = exec.Config.Privileged,
                User = exec.Config.User.Length > 0 ? exec.Config.User : null,
            },
            OpenStdin = exec.Config.AttachStdin,
            OpenStdout = exec.Config.AttachStdout,
            OpenStderr = exec.Config.AttachStderr,
            ContainerId = exec.MachineId,
            Pid = exec.Pid,
        }, HyprJson.Wire.ExecInspect);
    }

    private static async Task ResizeAsync(ApiCall call)
    {
        var (rows, columns) = ContainerEndpoints.Size(call);
        await call.Engine.ResizeExecAsync(call.Name, rows, columns, call.Aborted);
        await call.StatusAsync(StatusCodes.Status200OK);
    }
}
