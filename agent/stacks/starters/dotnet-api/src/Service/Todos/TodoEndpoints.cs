using Microsoft.AspNetCore.Http.HttpResults;

namespace Service.Todos;

public static class TodoEndpoints
{
    private const int MaxTitle = 200;

    public static void MapTodos(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/todos");
        group.MapGet("/", (TodoStore store) => TypedResults.Ok(store.All()));
        group.MapGet("/{id:int}", Read);
        group.MapPost("/", Create);
        group.MapPatch("/{id:int}", Change);
    }

    private static Results<Ok<Todo>, NotFound> Read(int id, TodoStore store) =>
        store.Find(id) is { } todo ? TypedResults.Ok(todo) : TypedResults.NotFound();

    private static Results<Created<Todo>, ValidationProblem> Create(NewTodo wanted, TodoStore store)
    {
        var title = wanted.Title?.Trim() ?? "";
        if (title.Length is 0 or > MaxTitle)
        {
            return TypedResults.ValidationProblem(
                new Dictionary<string, string[]>
                {
                    ["title"] = [$"The title needs 1 to {MaxTitle} characters."],
                }
            );
        }

        var todo = store.Add(title);
        return TypedResults.Created($"/todos/{todo.Id}", todo);
    }

    private static Results<Ok<Todo>, NotFound> Change(int id, TodoChange wanted, TodoStore store) =>
        store.SetDone(id, wanted.Done) is { } todo
            ? TypedResults.Ok(todo)
            : TypedResults.NotFound();
}
