namespace Hypr.Engine.Events;

/// <summary>Docker's event: <c>{Type, Action, Actor{ID, Attributes}, time}</c>.</summary>
/// <param name="Type"><c>container</c>, <c>network</c>, <c>image</c>.</param>
/// <param name="Action"><c>create</c>, <c>start</c>, <c>die</c>, ...</param>
public sealed record EngineEvent(
    string Type, string Action, string ActorId, IReadOnlyDictionary<string, string> Attributes, DateTimeOffset Time);
