namespace Hypr.Cli.Templates;

/// <summary>Tokens to nodes (text/template/parse/parse.go): actions by their first word, pipelines by descent.</summary>
internal sealed class Parser(string source)
{
    private readonly List<Token> _tokens = new Lexer(source).Read();
    private int _at;

    public Node[] Parse()
    {
        var body = Body(out string end, inside: null);
        return end.Length == 0 ? body : throw new TemplateException($"unexpected {{{{{end}}}}}");
    }

    private Token Next => _tokens[_at];

    private Token Take() => _tokens[_at++];

    private bool TryWord(string word)
    {
        if (Next.Kind != TokenKind.Name || Next.Text != word)
            return false;
        _at++;
        return true;
    }

    private void Expect(TokenKind kind, string what)
    {
        var token = Take();
        if (token.Kind != kind)
            throw new TemplateException($"{what} is missing at column {token.Position + 1}");
    }

    /// <summary>Nodes up to <c>end</c> or <c>else</c>, of which the word is taken and the rest is not, or to the end of the text.</summary>
    private Node[] Body(out string end, string? inside)
    {
        var nodes = new List<Node>();
        while (true)
        {
            var token = Take();
            if (token.Kind == TokenKind.Text)
            {
                nodes.Add(new TextNode(token.Text));
                continue;
            }
            if (token.Kind == TokenKind.End)
            {
                end = inside is null ? "" : throw new TemplateException($"{{{{{inside}}}}} has no {{{{end}}}}");
                return [.. nodes];
            }
            if (TryWord("end") || TryWord("else"))
            {
                end = _tokens[_at - 1].Text;
                return [.. nodes];
            }
            nodes.Add(Action());
        }
    }

    private Node Action()
    {
        if (TryWord("if"))
        {
            var (head, then, other) = Branch("if");
            return new IfNode(head, then, other);
        }
        if (TryWord("with"))
        {
            var (head, then, other) = Branch("with");
            return new WithNode(head, then, other);
        }
        if (TryWord("range"))
        {
            var (head, then, other) = Branch("range");
            return new RangeNode(head, then, other);
        }
        if (Next is { Kind: TokenKind.Name, Text: "define" or "template" or "block" })
            throw new TemplateException($"{{{{{Next.Text}}}}} is not supported");
        if (TryWord("break"))
            return Closed(new BreakNode());
        if (TryWord("continue"))
            return Closed(new ContinueNode());
        return Closed(new ActionNode(ReadPipeline(TokenKind.Close)));
    }

    private Node Closed(Node node)
    {
        Expect(TokenKind.Close, "}}");
        return node;
    }

    private (Pipeline Head, Node[] Then, Node[] Else) Branch(string word)
    {
        var head = ReadPipeline(TokenKind.Close);
        Expect(TokenKind.Close, "}}");
        var then = Body(out string end, word);
        Node[] other = [];
        if (end == "else")
        {
            // {{else if x}} and {{else with x}} share the one {{end}} of the outermost.
            if (Next is { Kind: TokenKind.Name, Text: "if" or "with" })
                return (head, then, [Action()]);
            Expect(TokenKind.Close, "}}");
            other = Body(out end, word);
            if (end != "end")
                throw new TemplateException($"{{{{{word}}}}} has a second {{{{else}}}}");
        }
        Expect(TokenKind.Close, "}}");
        return (head, then, other);
    }

    private Pipeline ReadPipeline(TokenKind closing)
    {
        string[] variables = [];
        bool declares = false;
        if (Next.Kind == TokenKind.Variable)
        {
            int count = _tokens[_at + 1].Kind == TokenKind.Comma && _tokens[_at + 2].Kind == TokenKind.Variable ? 2 : 1;
            var sign = _tokens[_at + (count * 2) - 1];
            if (sign.Kind is TokenKind.Declare or TokenKind.Set)
            {
                variables = count == 2 ? [_tokens[_at].Text, _tokens[_at + 2].Text] : [_tokens[_at].Text];
                declares = sign.Kind == TokenKind.Declare;
                _at += count * 2;
            }
        }
        var commands = new List<Command>();
        do
        {
            commands.Add(ReadCommand(closing));
        }
        while (Next.Kind == TokenKind.Pipe && Take().Kind == TokenKind.Pipe);
        if (Next.Kind != closing)
            throw new TemplateException($"unexpected \"{Next.Text}\" at column {Next.Position + 1}");
        return new Pipeline(variables, declares, [.. commands]);
    }

    private Command ReadCommand(TokenKind closing)
    {
        var words = new List<Operand>();
        while (Next.Kind != TokenKind.Pipe && Next.Kind != closing)
            words.Add(ReadOperand());
        if (words.Count == 0)
            throw new TemplateException($"a value is missing at column {Next.Position + 1}");
        return new Command([.. words]);
    }

    private Operand ReadOperand()
    {
        var token = Take();
        Operand operand = token.Kind switch
        {
            TokenKind.Dot => new DotOperand(),
            TokenKind.Field => new FieldOperand(new DotOperand(), token.Text),
            TokenKind.Variable => new VariableOperand(token.Text),
            TokenKind.Literal => new LiteralOperand(token.Value),
            TokenKind.Name => token.Text switch
            {
                "true" => new LiteralOperand(true),
                "false" => new LiteralOperand(false),
                "nil" => new LiteralOperand(null),
                _ when Functions.Exists(token.Text) => new FunctionOperand(token.Text),
                _ => throw new TemplateException($"function \"{token.Text}\" is not defined (column {token.Position + 1})"),
            },
            TokenKind.OpenGroup => Group(),
            TokenKind.End => throw new TemplateException("the template ends inside {{"),
            _ => throw new TemplateException($"unexpected \"{token.Text}\" at column {token.Position + 1}"),
        };
        while (Next is { Kind: TokenKind.Field, Joined: true })
            operand = new FieldOperand(operand, Take().Text);
        return operand;
    }

    private GroupOperand Group()
    {
        var inner = ReadPipeline(TokenKind.CloseGroup);
        Expect(TokenKind.CloseGroup, ")");
        return new GroupOperand(inner);
    }
}
