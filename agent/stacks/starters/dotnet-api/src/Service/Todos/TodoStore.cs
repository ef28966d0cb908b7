using System.Collections.Concurrent;

namespace Service.Todos;

/// <summary>Keeps todos in memory, safe for concurrent requests.</summary>
public sealed class TodoStore
{
    private readonly ConcurrentDictionary<int, Todo> _todos = new();
    private int _lastId;

    public IReadOnlyList<Todo> All() => [.. _todos.Values.OrderBy(todo => todo.Id)];

    public Todo? Find(int id) => _todos.GetValueOrDefault(id);

    public Todo Add(string title)
    {
        var todo = new Todo(Interlocked.Increment(ref _lastId), title, Done: false);
        _todos[todo.Id] = todo;
        return todo;
    }

    public Todo? SetDone(int id, bool done)
    {
        while (_todos.TryGetValue(id, out var before))
        {
            var after = before with { Done = done };
            if (_todos.TryUpdate(id, after, before))
            {
                return after;
            }
        }

        return null;
    }
}
