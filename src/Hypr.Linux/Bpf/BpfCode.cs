namespace Hypr.Linux.Bpf;

/// <summary>A register of the kernel's machine (include/uapi/linux/bpf.h): R1 to R5 are arguments and lost over a call, R0 is the answer, R10 the stack's end.</summary>
public enum BpfRegister
{
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
}

/// <summary>The kernel's functions for programs, by their numbers (include/uapi/linux/bpf.h, __BPF_FUNC_MAPPER).</summary>
public enum BpfFunction
{
    MapLookup = 1,
    MapUpdate = 2,
    SocketCookie = 46,
}

/// <summary>Instructions one after the other (Documentation/bpf/standardization/instruction-set.rst). Jumps lead to one place: where <see cref="Out"/> stands.</summary>
public sealed class BpfCode
{
    private const byte MapDescriptor = 1;
    private readonly List<ulong> _code = [];
    private readonly List<int> _jumps = [];

    /// <summary>Eight bytes each, in the machine's order.</summary>
    public IReadOnlyList<ulong> Instructions => _code;

    /// <summary>to = from</summary>
    public BpfCode Move(BpfRegister to, BpfRegister from) => Add(0xbf, to, from, 0, 0);

    /// <summary>to = number</summary>
    public BpfCode Move(BpfRegister to, int number) => Add(0xb7, to, 0, 0, number);

    /// <summary>to = end of the stack - bytes</summary>
    public BpfCode Stack(BpfRegister to, int bytes) => Move(to, BpfRegister.R10).Add(0x07, to, 0, 0, -bytes);

    /// <summary>to = *(u32 *)(from + offset)</summary>
    public BpfCode Load32(BpfRegister to, BpfRegister from, short offset) => Add(0x61, to, from, offset, 0);

    /// <summary>*(u32 *)(to + offset) = from</summary>
    public BpfCode Store32(BpfRegister to, short offset, BpfRegister from) => Add(0x63, to, from, offset, 0);

    /// <summary>*(u64 *)(to + offset) = from</summary>
    public BpfCode Store64(BpfRegister to, short offset, BpfRegister from) => Add(0x7b, to, from, offset, 0);

    /// <summary>*(u32 *)(to + offset) = number</summary>
    public BpfCode Store32(BpfRegister to, short offset, int number) => Add(0x62, to, 0, offset, number);

    /// <summary>if ((u32)register != number) goto out</summary>
    public BpfCode OutUnless32(BpfRegister register, uint number) => Jump(0x56, register, 0, (int)number);

    /// <summary>if ((u32)register != (u32)other) goto out</summary>
    public BpfCode OutUnless32(BpfRegister register, BpfRegister other) => Jump(0x5e, register, other, 0);

    /// <summary>if (register == 0) goto out: also the null check that the verifier wants after a lookup.</summary>
    public BpfCode OutIfZero(BpfRegister register) => Jump(0x15, register, 0, 0);

    /// <summary>to = the map</summary>
    public BpfCode Map(BpfRegister to, BpfMap map) => Add(0x18, to, (BpfRegister)MapDescriptor, 0, map.Number).Add(0, 0, 0, 0, 0);

    public BpfCode Call(BpfFunction function) => Add(0x85, 0, 0, 0, (int)function);

    /// <summary>out: return number</summary>
    public BpfCode Out(int number)
    {
        foreach (var at in _jumps)
            _code[at] |= (ulong)(ushort)(_code.Count - at - 1) << 16;
        _jumps.Clear();
        return Move(BpfRegister.R0, number).Add(0x95, 0, 0, 0, 0);
    }

    private BpfCode Jump(byte operation, BpfRegister register, BpfRegister other, int number)
    {
        _jumps.Add(_code.Count);
        return Add(operation, register, other, 0, number);
    }

    /// <summary>struct bpf_insn; its two registers are nibbles, the first one low on little-endian machines.</summary>
    private BpfCode Add(byte operation, BpfRegister to, BpfRegister from, short offset, int number)
    {
        _code.Add(operation | ((ulong)to << 8) | ((ulong)from << 12) | ((ulong)(ushort)offset << 16) | ((ulong)(uint)number << 32));
        return this;
    }
}
