using Hypr.Dns.Bench;

return args switch
{
    ["serve", .. var rest] => await Serve.Run(rest),
    ["load", .. var rest] => Load.Run(rest),
    ["echo", var port] => Echo.Run(int.Parse(port)),
    ["upstream", var port] => Echo.Run(int.Parse(port), answer: true),
    ["answer", var count] => Answering.Run(int.Parse(count)),
    ["names", var form, var count] => NameList.Write(form, int.Parse(count)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("""
        serve NAMES WORKERS PORT [UPSTREAM]    our server at 127.0.0.1:PORT: NAMES machines; prints the memory they took
        load ADDRESS PORT PID NAMES SECONDS CLIENTS WINDOW [udp|tcp] [RATE] [FORMAT]
                                              asks hN.hypr (or FORMAT with {0}), WINDOW questions on their way for each client; CPU is that of PID
        echo PORT                             recvmmsg and sendmmsg with nothing between them: the limit
        upstream PORT                         the same, with an A record for whatever is asked
        answer NAMES                          answering alone, without a socket
        names hosts|zone|unbound|aardvark|queries N
                                              files for the other servers and for dnsperf
        """);
    return 2;
}
