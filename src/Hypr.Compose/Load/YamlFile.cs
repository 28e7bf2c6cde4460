using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hypr.Compose.Load;

/// <summary>
/// Reads a YAML document into nodes by YamlDotNet's event parser: anchors, aliases and <c>&lt;&lt;</c> merge keys (YAML 1.1 type repository, "merge") are resolved
/// here, duplicate keys refused. What aliases can blow up is bounded.
/// </summary>
internal sealed class YamlFile
{
    private const int MaxNodes = 1_000_000;
    private const int MaxDepth = 100;
    private readonly string _file;
    private readonly Parser _parser;
    private readonly Dictionary<string, Node> _anchors = new(StringComparer.Ordinal);
    private readonly Dictionary<Node, int> _sizes = new(ReferenceEqualityComparer.Instance);
    private int _nodes;

    private YamlFile(string file, Parser parser) => (_file, _parser) = (file, parser);

    /// <summary>The document's root; null when it is empty.</summary>
    /// <exception cref="ComposeException">It is not YAML, or holds several documents.</exception>
    public static Node? Parse(string file, string text)
    {
        try
        {
            var yaml = new YamlFile(file, new Parser(new StringReader(text)));
            yaml._parser.Consume<StreamStart>();
            if (!yaml._parser.TryConsume<DocumentStart>(out _))
            {
                return null;
            }

            var root = yaml.Read(0).Node;
            yaml._parser.Consume<DocumentEnd>();
            return yaml._parser.Current is DocumentStart second
                ? throw new ComposeException(yaml.Place(second.Start), "several YAML documents in one file: put each into a file of its own and give them with -f")
                : root is Scalar { IsNull: true } ? null : root;
        }
        catch (YamlException e)
        {
            throw new ComposeException(
                new Location(file, (int)e.Start.Line, (int)e.Start.Column), $"not valid YAML: {(e.InnerException ?? e).Message}");
        }
        catch (InvalidOperationException)
        {
            // YamlDotNet 18 meets text that goes on to the left of the list or map in brackets that it stands in, and says neither what nor where.
            throw new ComposeException(new Location(file, 0, 0), "not valid YAML: a line within [ ] or { } begins too far to the left, or a bracket is not closed");
        }
    }

    private (Node Node, string? Tag) Read(int depth)
    {
        var current = _parser.Current!;
        if (depth > MaxDepth)
        {
            throw new ComposeException(Place(current.Start), $"nested deeper than {MaxDepth} levels");
        }

        if (_parser.TryConsume<AnchorAlias>(out var alias))
        {
            var known = _anchors.TryGetValue(alias.Value.Value, out var node)
                ? node
                : throw new ComposeException(Place(alias.Start), $"the alias *{alias.Value} has no anchor &{alias.Value} before it");
            Count(alias.Start, _sizes[known]);
            return (known, null);
        }

        var before = _nodes;
        Count(current.Start, 1);
        // YamlDotNet 18 gives some broken flow sequences out of order: the end of a mapping where its value is due.
        var start = current as NodeEvent ?? throw new ComposeException(Place(current.Start), "not valid YAML: a value is due here");
        Node read = current switch
        {
            YamlDotNet.Core.Events.Scalar s => ReadScalar(s),
            SequenceStart => ReadSequence(depth),
            _ => ReadMapping(depth),
        };
        _sizes[read] = _nodes - before;
        if (!start.Anchor.IsEmpty)
        {
            _anchors[start.Anchor.Value] = read;
        }

        var tag = start.Tag.IsEmpty ? null : start.Tag.Value;
        return (read, tag is "!reset" or "!override" ? tag : null);
    }

    private Scalar ReadScalar(YamlDotNet.Core.Events.Scalar s)
    {
        _parser.MoveNext();
        return new Scalar(Place(s.Start), s.Value, s.Style == ScalarStyle.Plain && (s.Tag.IsEmpty || s.Tag.IsNonSpecific || !s.Tag.Value.EndsWith(":str", StringComparison.Ordinal)));
    }

    private Sequence ReadSequence(int depth)
    {
        var start = _parser.Consume<SequenceStart>();
        var items = new List<Node>();
        while (!_parser.TryConsume<SequenceEnd>(out _))
        {
            items.Add(Read(depth + 1).Node);
        }

        return new Sequence(Place(start.Start), items);
    }

    private Mapping ReadMapping(int depth)
    {
        var start = _parser.Consume<MappingStart>();
        var own = new List<Entry>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var merged = new List<Mapping>();
        while (!_parser.TryConsume<MappingEnd>(out _))
        {
            var (keyNode, _) = Read(depth + 1);
            if (keyNode is not Scalar key)
            {
                throw new ComposeException(keyNode.At, "a key is a single value");
            }

            var (value, tag) = Read(depth + 1);
            if (key is { Value: "<<", Plain: true })
            {
                merged.AddRange(Merged(value));
            }
            else if (seen.Add(key.Value))
            {
                own.Add(new Entry(key.At, key.Value, value, tag));
            }
            else
            {
                throw new ComposeException(key.At, $"the key {key.Value} stands twice in one mapping; it stood first in line {own.First(e => e.Key == key.Value).At.Line}");
            }
        }

        // The mapping's own keys win, then those of the earlier merged one.
        own.AddRange(merged.SelectMany(m => m.Entries).Where(e => seen.Add(e.Key)));
        return new Mapping(Place(start.Start), own);
    }

    private static IEnumerable<Mapping> Merged(Node value) => value switch
    {
        Mapping one => [one],
        Sequence many => many.Items.Select(i => i as Mapping ?? throw new ComposeException(i.At, $"<< merges mappings; this is {i.Kind}")),
        _ => throw new ComposeException(value.At, $"<< merges a mapping or a list of them; this is {value.Kind}"),
    };

    private void Count(Mark at, int nodes)
    {
        _nodes += nodes;
        if (_nodes > MaxNodes)
        {
            throw new ComposeException(Place(at), $"more than {MaxNodes} values once its aliases are resolved");
        }
    }

    private Location Place(Mark mark) => new(_file, (int)mark.Line, (int)mark.Column);
}
