using System.Text.Json;

namespace Hypr.Machines.Lifecycle;

/// <summary>How a machine ended, on disk: written before the guest is told that it may go.</summary>
internal sealed record ExitRecord(int Code, DateTimeOffset FinishedAt, bool OomKilled, string? Error)
{
    /// <summary>Null: it left no word.</summary>
    public static MachineExit? Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), MachinesJson.Default.ExitRecord) is { } record
                ? new MachineExit(record.Code, record.FinishedAt, record.OomKilled, record.Error)
                : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }

    public static void Write(string path, MachineExit exit)
    {
        var unfinished = path + ".new";
        var record = new ExitRecord(exit.Code, exit.FinishedAt, exit.OomKilled, exit.Error);
        File.WriteAllBytes(unfinished, JsonSerializer.SerializeToUtf8Bytes(record, MachinesJson.Default.ExitRecord));
        File.Move(unfinished, path, overwrite: true);
    }
}
