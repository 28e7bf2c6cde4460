namespace Hypr.Cli.Templates;

internal abstract record Node;

internal sealed record TextNode(string Text) : Node;

/// <summary><c>{{pipeline}}</c>, or with a variable <c>{{$x := pipeline}}</c>, which prints nothing.</summary>
internal sealed record ActionNode(Pipeline Pipeline) : Node;

internal sealed record IfNode(Pipeline Condition, Node[] Then, Node[] Else) : Node;

internal sealed record WithNode(Pipeline Subject, Node[] Then, Node[] Else) : Node;

internal sealed record RangeNode(Pipeline Subject, Node[] Body, Node[] Else) : Node;

internal sealed record BreakNode : Node;

internal sealed record ContinueNode : Node;

/// <summary>Commands whose result is the next one's last argument. Variables are set, or declared, to the whole's result.</summary>
internal sealed record Pipeline(string[] Variables, bool Declares, Command[] Commands);

internal sealed record Command(Operand[] Words);

internal abstract record Operand;

internal sealed record LiteralOperand(object? Value) : Operand;

internal sealed record DotOperand : Operand;

internal sealed record VariableOperand(string Name) : Operand;

internal sealed record FunctionOperand(string Name) : Operand;

internal sealed record GroupOperand(Pipeline Inner) : Operand;

internal sealed record FieldOperand(Operand Of, string Name) : Operand;
