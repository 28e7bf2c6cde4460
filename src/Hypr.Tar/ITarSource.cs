namespace Hypr.Tar;

/// <summary>Where a tar's bytes come from: in order, never back. What ends too early is a <see cref="MalformedException"/>.</summary>
public interface ITarSource
{
    /// <summary>In the tar.</summary>
    long Position { get; }

    /// <summary>False at the end of the stream; what is neither an end nor a whole block is truncated.</summary>
    bool TryReadBlock(Span<byte> block);

    void ReadExactly(Span<byte> to);

    void Skip(long count);

    /// <summary>Padding may be missing at the end of the stream.</summary>
    void SkipPadding(long count);

    /// <summary>What stands behind the end of the archive.</summary>
    void SkipToEnd();
}
