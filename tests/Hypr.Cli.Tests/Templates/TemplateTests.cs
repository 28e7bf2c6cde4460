using System.Text.Json;
using Hypr.Cli.Templates;

namespace Hypr.Cli.Tests.Templates;

public sealed class TemplateTests
{
    private static readonly JsonElement Machine = JsonDocument.Parse("""
        {
          "Id": "4f1c", "Name": "/web", "Created": "2024-01-15T10:30:00Z", "RestartCount": 3, "Ratio": 0.5,
          "State": {"Status": "running", "Running": true, "ExitCode": 0, "Error": ""},
          "Config": {"Env": ["A=1", "B=2"], "Cmd": null, "Labels": {"com.x": "y", "a": "b"}, "Html": "<a>&"},
          "NetworkSettings": {
            "Ports": {"443/tcp": null, "80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]},
            "Networks": {"mynet": {"IPAddress": "10.89.0.2"}, "bridge": {"IPAddress": "10.88.0.2"}}
          }
        }
        """).RootElement;

    // Compared with docker container inspect -f (28.2.2) on the same answer. Docker differs where its Go types add what the JSON does not
    // have.
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("{{.Name}}", "/web")]
    [InlineData("{{ .State.Status }}!", "running!")]
    [InlineData("{{.ID}}", "4f1c")]
    [InlineData("{{.RestartCount}} {{.Ratio}} {{.State.Running}}", "3 0.5 true")]
    [InlineData("{{json .State}}", """{"Status":"running","Running":true,"ExitCode":0,"Error":""}""")]
    [InlineData("{{.State | json}}", """{"Status":"running","Running":true,"ExitCode":0,"Error":""}""")]
    [InlineData("{{json .Config.Html}} {{json .Config.Cmd}} {{json .RestartCount}}", "\"<a>&\" null 3")]
    [InlineData("{{range .Config.Env}}{{println .}}{{end}}", "A=1\nB=2\n")]
    [InlineData("{{range $i, $e := .Config.Env}}{{$i}}:{{$e}} {{end}}", "0:A=1 1:B=2 ")]
    [InlineData("{{range $k, $v := .NetworkSettings.Networks}}{{$k}}={{$v.IPAddress}};{{end}}", "bridge=10.88.0.2;mynet=10.89.0.2;")]
    [InlineData("{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", "10.88.0.2 10.89.0.2 ")]
    [InlineData("{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "8080")]
    [InlineData("{{range $p, $c := .NetworkSettings.Ports}}{{$p}} -> {{(index $c 0).HostPort}}{{break}}{{end}}", null)]
    [InlineData("{{range $p, $c := .NetworkSettings.Ports}}{{if $c}}{{$p}}->{{(index $c 0).HostPort}}{{end}}{{end}}", "80/tcp->8080")]
    [InlineData("{{range $p, $c := .NetworkSettings.Ports}}{{if not $c}}{{continue}}{{end}}{{$p}}{{end}}", "80/tcp")]
    [InlineData("{{index .Config.Labels \"com.x\"}} {{index .Config.Env 1}}", "y B=2")]
    [InlineData("{{index .Config.Labels \"none\"}}|{{index .State \"none\"}}", "|<no value>")]
    [InlineData("{{if .State.Running}}up{{else}}down{{end}}", "up")]
    [InlineData("{{if eq .State.Status \"exited\" \"running\"}}known{{end}}", "known")]
    [InlineData("{{if ne .State.ExitCode 0}}bad{{else if eq .RestartCount 3}}three{{else}}good{{end}}", "three")]
    [InlineData("{{if and .State.Running (gt .RestartCount 2)}}y{{end}}{{if or .State.Error .Config.Cmd}}n{{end}}", "y")]
    [InlineData("{{if not .State.Health}}none{{end}}{{with .State.Health}}{{.Status}}{{else}}-{{end}}", "none-")]
    [InlineData("{{with .State}}{{.Status}} {{$.Name}}{{end}}", "running /web")]
    [InlineData("{{$x := .Name}}{{$x = upper $x}}{{$x}} {{lower \"AB\"}} {{title \"a bc\"}}", "/WEB ab A Bc")]
    [InlineData("{{join .Config.Env \", \"}} {{len .Config.Env}} {{len .Name}}", "A=1, B=2 2 4")]
    [InlineData("{{split .Name \"/\"}} {{index (split \"a:b\" \":\") 1}}", "[ web] b")]
    [InlineData("{{printf \"%s|%-6s|%6s|%.2s|%q|%d|%05d|%x|%v|%.2f|%t|%%\" .Id .Id .Id .Id .Id 7 42 255 .State.Running .Ratio true}}",
        "4f1c|4f1c  |  4f1c|4f|\"4f1c\"|7|00042|ff|true|0.50|true|%")]
    [InlineData("{{print \"a\" 1 2 \"b\"}} {{println 1 \"x\"}}", "a1 2b 1 x\n")]
    [InlineData("{{truncate .Created 10}}{{pad \"x\" 1 2}}|", "2024-01-15 x  |")]
    [InlineData("{{slice .Id 0 2}} {{slice .Config.Env 1}}", "4f [B=2]")]
    [InlineData("a {{- 1 -}} b {{/* nothing */}}c {{- /* trims */ -}} d", "a1b cd")]
    [InlineData("{{.Config.Labels}} {{.Config.Env}}", "map[a:b com.x:y] [A=1 B=2]")]
    [InlineData("{{\"quoted \\\"x\\\"\\n\"}}{{`raw\\n`}}", "quoted \"x\"\nraw\\n")]
    [InlineData("{{.Config.Cmd}}", "<no value>")]
    [InlineData("{{range .Config.Cmd}}x{{else}}empty{{end}}", "empty")]
    [InlineData("{{lt 1 2}} {{le 2 2}} {{ge 1 2}} {{eq true .State.Running}}", "true true false true")]
    public void It_prints_what_go_prints(string template, string? expected)
    {
        if (expected is null)
            Assert.Throws<TemplateException>(() => Template.Parse(template).Render(Machine));
        else
            Assert.Equal(expected, Template.Parse(template).Render(Machine));
    }

    [Theory]
    [InlineData("{{.Nme}}", "Nme")]
    [InlineData("{{.State.Health.Status}}", "Status")]
    [InlineData("{{.Name.First}}", "First")]
    [InlineData("{{foo .Name}}", "foo")]
    [InlineData("{{", "}}")]
    [InlineData("{{.Name", "}}")]
    [InlineData("{{if .Name}}x", "end")]
    [InlineData("{{end}}", "end")]
    [InlineData("{{else}}", "else")]
    [InlineData("{{range .Name}}x{{end}}", "range")]
    [InlineData("{{index .Config.Env 9}}", "range")]
    [InlineData("{{index .Config.Env \"a\"}}", "number")]
    [InlineData("{{\"open}}", "end")]
    [InlineData("{{/* open", "*/")]
    [InlineData("{{upper 1}}", "upper")]
    [InlineData("{{upper}}", "upper")]
    [InlineData("{{eq 1 \"a\"}}", "incompatible")]
    [InlineData("{{$x}}", "$x")]
    [InlineData("{{.Name | }}", "missing")]
    [InlineData("{{}}", "missing")]
    [InlineData("{{(.Name}}", "}}")]
    [InlineData("{{.Name)}}", ")")]
    [InlineData("{{template \"x\"}}", "template")]
    [InlineData("{{printf \"%\"}}", "verb")]
    [InlineData("{{len 3}}", "length")]
    public void What_is_wrong_is_said(string template, string says) =>
        Assert.Contains(says, Assert.Throws<TemplateException>(() => Template.Parse(template).Render(Machine)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Any_text_is_printed_or_refused_and_nothing_else_is_thrown()
    {
        string[] pieces =
        [
            "{{", "}}", "{{-", "-}}", ".Name", ".Config", "$x", ":=", "=", "range", "if", "else", "end", "with", "|", "(", ")", "index",
                "len", "printf", "\"%d\"",
            "`", "\"", "1", "-1", "0x1g", "1.5", " ", ".", "$", ",", "/*", "*/", "json", "and", "or", "eq", "break", "ü", "'a'", "slice",
                "pad", "99999999999999999999",
        ];
        var random = new Random(11);
        for (int i = 0; i < 50_000; i++)
        {
            string text = string.Join(random.Next(2) == 0
                ? " "
                : "", Enumerable.Range(0, random.Next(9)).Select(_ => pieces[random.Next(pieces.Length)]));
            try
            {
                Template.Parse(text).Render(Machine);
            }
            catch (TemplateException e)
            {
                Assert.NotEmpty(e.Message);
            }
        }
    }
}
