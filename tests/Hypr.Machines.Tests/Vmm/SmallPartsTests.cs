using System.Buffers;
using System.Text;
using System.Text.Json;
using Hypr.Machines.Vmm;
using Hypr.Machines.Vmm.Qemu;

namespace Hypr.Machines.Tests.Vmm;

public sealed class SmallPartsTests
{
    [Fact]
    public void The_TSCs_frequency_is_read_from_BogoMIPS_where_it_runs_evenly()
    {
        Assert.Equal(2_445_400, TscFrequency.Parse(new StringReader("flags\t\t: fpu constant_tsc nonstop_tsc\nbogomips\t: 4890.80\n\nflags : \nbogomips : 1.0\n")));
        Assert.Equal(0, TscFrequency.Parse(new StringReader("flags\t\t: fpu tsc\nbogomips\t: 4890.80\n")));
        Assert.Equal(0, TscFrequency.Parse(new StringReader("processor : 0\n")));
    }

    [Theory]
    [InlineData("""{"QMP": {"version": {}, "capabilities": []}}""", typeof(QmpMessage.Greeting))]
    [InlineData("""{"return": {}, "id": 7}""", typeof(QmpMessage.Return))]
    [InlineData("""{"id": 8, "error": {"class": "GenericError", "desc": "no"}}""", typeof(QmpMessage.Error))]
    [InlineData("""{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "DEVICE_DELETED", "data": {"device": "nic0-eth1", "path": "/x"}}""", typeof(QmpMessage.Event))]
    public void Each_kind_of_QMP_message_is_told_apart(string line, Type kind) => Assert.IsType(kind, Parse(line));

    [Fact]
    public void A_QMP_message_carries_its_fields()
    {
        Assert.Equal(new QmpMessage.Error(8, "GenericError", "no"), Parse("""{"id": 8, "error": {"class": "GenericError", "desc": "no"}}"""));
        Assert.Equal(new QmpMessage.Event("STOP", null), Parse("""{"event": "STOP"}"""));
        Assert.Equal(new QmpMessage.Event("DEVICE_DELETED", "d"), Parse("""{"event": "DEVICE_DELETED", "data": {"device": "d"}}"""));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"event": 3}""")]
    [InlineData("""{"id": 1, "error": "text"}""")]
    [InlineData("""{"id": 1, "error": {"class": {}}}""")]
    [InlineData("not JSON")]
    public void What_is_no_QMP_message_is_refused(string line) => Assert.ThrowsAny<JsonException>(() => Parse(line));

    [Fact]
    public void Last_words_keep_the_end_whatever_came_before()
    {
        var words = new LastWords(8);
        words.Add("0123"u8);
        Assert.Equal("0123"u8.ToArray(), words.ToArray());
        words.Add("456789"u8);
        Assert.Equal("23456789"u8.ToArray(), words.ToArray());
        words.Add("abcdefghijklmnop"u8);
        Assert.Equal("ijklmnop"u8.ToArray(), words.ToArray());
        words.Add("q"u8);
        Assert.Equal("jklmnopq"u8.ToArray(), words.ToArray());
    }

    [Fact]
    public void Last_words_reach_a_terminal_as_text_only()
    {
        Assert.Equal("one | red | last", LastWords.Printable("zero\none\n\n\e[31mred\e[0m\r\nla\ast\n", 3, 100));
        Assert.Equal("...cde", LastWords.Printable("abcde", 1, 3));
        Assert.Equal("before | Kernel panic - not syncing: x", LastWords.Printable("before\nKernel panic - not syncing: x\ntrace\n---[ end Kernel panic - not syncing: x ]---\n", 2, 100));
    }

    private static QmpMessage Parse(string line) => QmpMessage.Parse(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(line)));
}
