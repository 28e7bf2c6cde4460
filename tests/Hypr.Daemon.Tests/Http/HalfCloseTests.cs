using System.Net.Sockets;
using System.Text;
using Hypr.Daemon.Tests.Fakes;

namespace Hypr.Daemon.Tests.Http;

public sealed class HalfCloseTests(ApiFixture api) : IClassFixture<ApiFixture>
{
    [Fact]
    public async Task A_client_that_ends_its_sending_is_still_answered()
    {
        for (var i = 0; i < 50; i++)
        {
            using var socket = api.Connect();
            await socket.SendAsync(ApiFixture.Request("GET", "/info"));
            socket.Shutdown(SocketShutdown.Send);
            Assert.Equal(200, Answer.Parse(await ApiFixture.ReadAllAsync(socket)).Status);
        }
    }

    [Fact]
    public async Task A_follower_that_goes_away_is_noticed()
    {
        var id = await api.RunAsync("""{"Image":"busybox","Cmd":["sleep","1000"]}""");
        var before = Sockets.Open();
        var followers = Enumerable.Range(0, 10).Select(_ => api.Connect()).ToList();
        foreach (var (socket, target) in followers.Zip(Enumerable.Repeat(new[] { $"/containers/{id}/logs?stdout=1&follow=1", "/events" }, 5).SelectMany(t => t)))
        {
            await socket.SendAsync(ApiFixture.Request("GET", target));
            var buffer = new byte[1024];
            Assert.StartsWith("HTTP/1.1 200", Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer)), StringComparison.Ordinal);
        }

        followers.ForEach(f => f.Dispose());
        await Sockets.UntilOpenAsync(before);
    }
}
