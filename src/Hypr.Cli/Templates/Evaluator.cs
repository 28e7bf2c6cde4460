using System.Text;
using System.Text.Json;

namespace Hypr.Cli.Templates;

/// <summary>
/// Runs a template's nodes (text/template/exec.go): a dot, variables in scopes, and break and continue as a result of a body.
/// </summary>
internal sealed class Evaluator(StringBuilder output, bool headings)
{
    private enum Leave
    {
        Normally,
        Break,
        Continue,
    }

    private readonly List<(string Name, object? Value)> _variables = [];

    public void Run(Node[] body, object? dot)
    {
        _variables.Add(("$", dot));
        Body(body, dot);
    }

    private Leave Body(Node[] body, object? dot)
    {
        int scope = _variables.Count;
        foreach (var node in body)
        {
            var leave = One(node, dot);
            if (leave != Leave.Normally)
            {
                _variables.RemoveRange(scope, _variables.Count - scope);
                return leave;
            }
        }
        _variables.RemoveRange(scope, _variables.Count - scope);
        return Leave.Normally;
    }

    private Leave One(Node node, object? dot)
    {
        switch (node)
        {
            case TextNode text:
                output.Append(text.Text);
                return Leave.Normally;
            case ActionNode action:
                object? value = Evaluate(action.Pipeline, dot);
                if (action.Pipeline.Variables.Length == 0)
                    output.Append(value is null ? "<no value>" : Values.Print(value));
                return Leave.Normally;
            case IfNode branch:
                return Scoped(() => Body(Values.IsTrue(Evaluate(branch.Condition, dot)) ? branch.Then : branch.Else, dot));
            case WithNode with:
                return Scoped(() =>
                {
                    object? subject = Evaluate(with.Subject, dot);
                    return Values.IsTrue(subject) ? Body(with.Then, subject) : Body(with.Else, dot);
                });
            case RangeNode range:
                return Scoped(() => Range(range, dot));
            case BreakNode:
                return Leave.Break;
            default:
                return Leave.Continue;
        }
    }

    /// <summary>What a branch's head declares is seen in its body and no longer.</summary>
    private Leave Scoped(Func<Leave> run)
    {
        int scope = _variables.Count;
        var leave = run();
        _variables.RemoveRange(scope, _variables.Count - scope);
        return leave;
    }

    private Leave Range(RangeNode range, object? dot)
    {
        object? subject = EvaluateCommands(range.Subject, dot);
        string[] names = range.Subject.Variables;
        int scope = _variables.Count;
        bool any = false;
        foreach (var (key, item) in Values.Items(subject))
        {
            any = true;
            if (names.Length == 2)
                _variables.Add((names[0], key));
            if (names.Length > 0)
                _variables.Add((names[^1], item));
            var leave = Body(range.Body, item);
            _variables.RemoveRange(scope, _variables.Count - scope);
            if (leave == Leave.Break)
                break;
        }
        return any ? Leave.Normally : Body(range.Else, dot);
    }

    private object? Evaluate(Pipeline pipeline, object? dot)
    {
        object? value = EvaluateCommands(pipeline, dot);
        foreach (string name in pipeline.Variables)
        {
            if (pipeline.Declares)
                _variables.Add((name, value));
            else
                _variables[Find(name)] = (name, value);
        }
        return value;
    }

    private object? EvaluateCommands(Pipeline pipeline, object? dot)
    {
        object? value = null;
        for (int i = 0; i < pipeline.Commands.Length; i++)
            value = Run(pipeline.Commands[i], dot, i > 0, value);
        return value;
    }

    private object? Run(Command command, object? dot, bool piped, object? last)
    {
        var head = command.Words[0];
        if (head is FunctionOperand { Name: "and" or "or" } lazy && !piped)
            return AndOr(lazy.Name, command, dot);
        var arguments = new List<object?>(command.Words.Length);
        foreach (var word in command.Words.AsSpan(1))
            arguments.Add(Value(word, dot));
        if (piped)
            arguments.Add(last);
        return head switch
        {
            FunctionOperand function when headings && Functions.KeepsHeading(function.Name) => arguments.Find(a => a is string),
            FunctionOperand function => Functions.Call(function.Name, arguments),
            FieldOperand field when arguments.Count > 0 => Field(Value(field.Of, dot), field.Name, arguments),
            _ when arguments.Count > 0 => throw new TemplateException("only functions and fields like .Label take arguments"),
            _ => Value(head, dot),
        };
    }

    /// <summary>The first that decides is the value, and what stands behind it is not evaluated (Go 1.18).</summary>
    private object? AndOr(string name, Command command, object? dot)
    {
        if (command.Words.Length == 1)
            throw new TemplateException($"{name} needs an argument");
        object? value = null;
        foreach (var word in command.Words.AsSpan(1))
        {
            value = Value(word, dot);
            if (Values.IsTrue(value) == (name == "or"))
                break;
        }
        return value;
    }

    private object? Value(Operand operand, object? dot) => operand switch
    {
        LiteralOperand literal => literal.Value,
        DotOperand => dot,
        VariableOperand variable => _variables[Find(variable.Name)].Value,
        GroupOperand group => Evaluate(group.Inner, dot),
        FieldOperand field => Field(Value(field.Of, dot), field.Name, []),
        FunctionOperand function => Functions.Call(function.Name, []),
        _ => throw new InvalidOperationException(operand.ToString()),
    };

    private int Find(string name)
    {
        int at = _variables.FindLastIndex(v => v.Name == name);
        return at >= 0 ? at : throw new TemplateException($"variable {name} is not defined");
    }

    private static object? Field(object? of, string name, IReadOnlyList<object?> arguments)
    {
        switch (of)
        {
            case IFields fields when fields.TryGet(name, arguments, out object? value):
                return value;
            case IFields fields:
                throw new TemplateException(
                    $"there is no field .{name}; there are {string.Join(", ", fields.All.Select(f => "." + f.Key))}");
            case JsonElement { ValueKind: JsonValueKind.Object } json:
                return Values.Member(json, name);
            case null:
                throw new TemplateException($"there is no field .{name} in nothing");
            default:
                throw new TemplateException($"there is no field .{name} in {Values.Describe(of)}");
        }
    }
}
