using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Hypr.Network.Networks;
using Hypr.Primitives;

namespace Hypr.Network.Ipam;

/// <summary>
/// The addresses of one subnet, in memory: which are taken, and by which endpoint. What it says is taken is nobody else's; who takes an address commits it to the
/// store before it is used, and gives it back when that fails. Safe for many callers at once.
/// </summary>
internal sealed class SubnetAllocator
{
    private readonly Lock _gate = new();
    private readonly SubnetConfig _config;
    private readonly AddressRange _subnet;
    private readonly AddressRange _range;
    private readonly IntervalSet _taken = new();
    private readonly Dictionary<UInt128, string> _owners = [];
    private UInt128 _inUse;
    private UInt128 _free;

    public SubnetAllocator(SubnetConfig config)
    {
        _config = config;
        _subnet = AddressRange.Of(config.Subnet);
        _range = config.Range is { } range ? AddressRange.Of(range) : _subnet;
        _free = _range.Last - _range.First + 1;
        Mark(_subnet.First);
        if (Family == AddressFamily.InterNetwork)
        {
            Mark(_subnet.Last);
        }

        Mark(IpNumber.Of(config.Gateway));
        foreach (var auxiliary in config.Auxiliary.Values)
        {
            Mark(IpNumber.Of(auxiliary));
        }
    }

    public AddressFamily Family => _config.Subnet.BaseAddress.AddressFamily;

    /// <summary>Addresses that endpoints have.</summary>
    public int LeaseCount
    {
        get
        {
            lock (_gate)
            {
                return _owners.Count;
            }
        }
    }

    public IPNetwork Subnet => _config.Subnet;

    public bool Contains(IPAddress address) => address.AddressFamily == Family && _config.Subnet.Contains(address);

    public InterfaceAddress WithLength(IPAddress address) => new(address, _config.Subnet.PrefixLength);

    /// <summary>The lowest free address of the range; Forbidden with the figures when there is none.</summary>
    public IPAddress TakeLowest(string endpointId, string networkName)
    {
        lock (_gate)
        {
            if (_taken.LowestMissing(_range) is not { } number)
            {
                var where = _config.Range is { } range ? $"range {range} of subnet {_config.Subnet}" : $"subnet {_config.Subnet}";
                throw HyprException.Forbidden(string.Create(CultureInfo.InvariantCulture,
                    $"no available addresses on network {networkName}: all of {where} are in use ({_owners.Count} by VMs, {_inUse} of {_subnet.Last - _subnet.First + 1} in all). Remove VMs that are not needed, or make a network with a larger subnet"));
            }

            Mark(number);
            _owners[number] = endpointId;
            return IpNumber.ToAddress(number, Family);
        }
    }

    /// <summary>Takes this address; else says what it is: an endpoint's (its id), or reserved and why.</summary>
    public bool TryTake(IPAddress address, string endpointId, out string? ownerId, out string? reserved)
    {
        var number = IpNumber.Of(address);
        lock (_gate)
        {
            (ownerId, reserved) = (null, null);
            if (!_taken.Contains(number))
            {
                Mark(number);
                _owners[number] = endpointId;
                return true;
            }

            if (!_owners.TryGetValue(number, out ownerId))
            {
                reserved = Reserved(number, address);
            }

            return false;
        }
    }

    public void Release(IPAddress address)
    {
        var number = IpNumber.Of(address);
        lock (_gate)
        {
            if (_owners.Remove(number))
            {
                _taken.Remove(number);
                _inUse--;
                _free += _range.Contains(number) ? UInt128.One : UInt128.Zero;
            }
        }
    }

    public SubnetUsage Usage()
    {
        lock (_gate)
        {
            return new SubnetUsage(_config.Subnet, _inUse, _free);
        }
    }

    private string Reserved(UInt128 number, IPAddress address)
    {
        if (number == _subnet.First)
        {
            return Family == AddressFamily.InterNetwork ? "it is the subnet's own address" : "it is the subnet-router anycast address (RFC 4291)";
        }

        if (number == _subnet.Last && Family == AddressFamily.InterNetwork)
        {
            return "it is the broadcast address";
        }

        return address.Equals(_config.Gateway)
            ? "it is the gateway"
            : $"it is the auxiliary address {_config.Auxiliary.First(a => a.Value.Equals(address)).Key}";
    }

    private void Mark(UInt128 number)
    {
        if (_taken.Add(number))
        {
            _inUse++;
            _free -= _range.Contains(number) ? UInt128.One : UInt128.Zero;
        }
    }
}
