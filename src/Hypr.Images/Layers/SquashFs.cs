using System.Buffers.Binary;
using System.Globalization;
using System.IO.Pipes;
using System.Runtime.InteropServices;
using Hypr.Images.Store;
using Hypr.Linux;
using Hypr.Linux.Processes;
using Hypr.Primitives;
using Microsoft.Win32.SafeHandles;

namespace Hypr.Images.Layers;

/// <summary>
/// Makes the squashfs: <c>mksquashfs</c> reads one merged tar from a pipe and writes to a descriptor that it is given. It runs as a user whom nobody else
/// is, without capabilities, and sees no path of ours. (sqfstar of squashfs-tools 4.5.1 rejects the options of its compressors; mksquashfs -tar is the same code.)
/// </summary>
internal static partial class SquashFs
{
    // lz4: of the compressors that Debian's guest kernel reads, the cheapest to make (README.md has the figures).
    private static readonly string[] Options =
        ["-tar", "-noappend", "-comp", "lz4", "-noId", "-no-progress", "-quiet", "-no-exports", "-mem", "256M"];

    // Owners beyond any that images use; a free one is looked for all the same.
    private const uint FirstSandboxId = 3_000_000_000;

    private const int LogLimit = 4096;

    /// <summary>Writes the tree to <paramref name="path"/>, a temporary name, synced to the disk. On failure the file is left for the caller to remove.</summary>
    /// <exception cref="HyprException">Unavailable: mksquashfs is missing or failed (the disk is full), with its words.</exception>
    public static async Task WriteAsync(RootTree tree, string path, CancellationToken cancel)
    {
        var (uid, gid) = SandboxIds(tree);
        var log = path + ".log";
        try
        {
            // The file is root's; whoever has the descriptor may write. It is opened anew by /proc/self/fd, which checks the mode: the folder keeps others out.
            using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            File.SetUnixFileMode(file, (UnixFileMode)0x1B6);
            using var pipe = new AnonymousPipeServerStream(PipeDirection.Out, HandleInheritability.None);
            Widen(pipe.SafePipeHandle);
            using var process = Start(tree.Root, file, pipe, log, uid, gid);
            pipe.DisposeLocalCopyOfClientHandle();
            await using var killer = cancel.Register(() => process.Kill());
            var behind = WriteBehind.WhileAsync(file, process.Exited);

            Exception? broken = null;
            try
            {
                // A thread of its own: the pipe blocks for as long as mksquashfs compresses.
                await Task.Factory.StartNew(() => new TarWriter(pipe, cancel).Write(tree), CancellationToken.None,
                    TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                // EPIPE: it ended early, and says why in its log.
                broken = e;
            }
            finally
            {
                if (cancel.IsCancellationRequested || broken is not null)
                    process.Kill();
                await pipe.DisposeAsync().ConfigureAwait(false);
            }

            var exit = await process.Exited.ConfigureAwait(false);
            await behind.ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            if (exit is not { Code: 0 } || broken is not null)
                throw HyprException.Unavailable($"cannot build the image's file system: {Reason(log, exit)}", broken);
            SetRootOwner(file, uid, tree.Root.Uid);
            SetRootOwner(file, gid, tree.Root.Gid);
            File.SetUnixFileMode(file, (UnixFileMode)0x1A4);
            RandomAccess.FlushToDisk(file);
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static LinuxProcess Start(RootNode root, SafeFileHandle file, AnonymousPipeServerStream pipe, string log, uint uid, uint gid)
    {
        string[] asNobody = [Text(uid), "--regid", Text(gid)];
        try
        {
            return LinuxProcess.Start(new ProcessStart
            {
                Program = "setpriv",
                Arguments =
                [
                    "--reuid", .. asNobody, "--clear-groups", "--no-new-privs", "--bounding-set", "-all", "--inh-caps", "-all", "--",
                    "mksquashfs", "-", "/proc/self/fd/3", .. Options,
                    "-root-mode", Convert.ToString(root.Mode, 8), "-root-time", Text(root.ModifiedAt),
                ],
                WorkingDirectory = "/",
                Descriptors = new Dictionary<int, SafeHandle> { [0] = pipe.ClientSafePipeHandle, [3] = file },
                StandardError = log,
            });
        }
        catch (LinuxException e)
        {
            throw HyprException.Unavailable("setpriv is missing: apt-get install util-linux", e);
        }
    }

    private static string Reason(string log, ProcessExit? exit)
    {
        var text = "";
        if (File.Exists(log))
        {
            using var file = File.OpenRead(log);
            file.Position = Math.Max(0, file.Length - LogLimit);
            using var reader = new StreamReader(file);
            text = reader.ReadToEnd().Trim();
        }

        if (exit is { Code: 127 } || text.Contains("failed to execute mksquashfs", StringComparison.Ordinal))
            return "mksquashfs is missing: apt-get install squashfs-tools";
        if (text.Contains("No space left on device", StringComparison.Ordinal))
            return "no space left on device: free some and pull again";
        var last = text.Split('\n')[^1];
        return exit is { Signal: > 0 and var signal } ? $"mksquashfs was ended by signal {signal}" : $"mksquashfs says: {(last.Length > 0 ? last : "nothing")}";
    }

    private static (uint Uid, uint Gid) SandboxIds(RootTree tree)
    {
        var free = FirstSandboxId;
        while (tree.Ids.Contains(free) || tree.Ids.Contains(free + 1))
            free += 2;
        return (free, free + 1);
    }

    /// <summary>
    /// mksquashfs -tar gives the root directory to whoever runs it (4.5.1; -root-uid is not looked at). Owners stand in a table of their own, which -noId leaves
    /// plain; the sandbox's ids occur for the root alone, so their entries are rewritten. (fs/squashfs/squashfs_fs.h: super block, id_table_start at 48, no_ids at 26;
    /// fs/squashfs/id.c: an index of metadata blocks of 2048 ids.)
    /// </summary>
    private static void SetRootOwner(SafeFileHandle file, uint sandbox, uint owner)
    {
        Span<byte> super = stackalloc byte[96];
        ReadExactly(file, super, 0);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(super[26..]);
        var index = BinaryPrimitives.ReadInt64LittleEndian(super[48..]);
        Span<byte> block = stackalloc byte[8192];
        for (var first = 0; first < count; first += 2048)
        {
            ReadExactly(file, block[..8], index + (first / 2048 * 8));
            var at = BinaryPrimitives.ReadInt64LittleEndian(block);
            var ids = block[..(Math.Min(count - first, 2048) * 4)];
            ReadExactly(file, block[..2], at);
            if (BinaryPrimitives.ReadUInt16LittleEndian(block) != (0x8000 | ids.Length))
                throw new InvalidDataException("mksquashfs wrote a compressed table of owners in spite of -noId");
            ReadExactly(file, ids, at + 2);
            for (var i = 0; i < ids.Length; i += 4)
            {
                if (BinaryPrimitives.ReadUInt32LittleEndian(ids[i..]) != sandbox)
                    continue;
                BinaryPrimitives.WriteUInt32LittleEndian(ids[i..], owner);
                RandomAccess.Write(file, ids.Slice(i, 4), at + 2 + i);
                return;
            }
        }

        throw new InvalidDataException("mksquashfs wrote no owner for the root directory");
    }

    private static void ReadExactly(SafeFileHandle file, Span<byte> to, long offset)
    {
        while (to.Length > 0)
        {
            var count = RandomAccess.Read(file, to, offset);
            if (count == 0)
                throw new EndOfStreamException("the squashfs is truncated");
            to = to[count..];
            offset += count;
        }
    }

    /// <summary>The largest pipe that anybody may have (/proc/sys/fs/pipe-max-size): fewer switches between the two ends. Where it is less, the pipe stays as it is.</summary>
    private static void Widen(SafePipeHandle pipe)
    {
        const int SetPipeSize = 1031; // F_SETPIPE_SZ
        Control(pipe, SetPipeSize, 1 << 20);
    }

    // Safe: numbers, and a descriptor that the handle keeps open.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int Control(SafePipeHandle fd, int command, nint argument);

    private static string Text(uint number) => number.ToString(CultureInfo.InvariantCulture);
}
