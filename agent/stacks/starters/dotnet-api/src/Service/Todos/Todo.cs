namespace Service.Todos;

public sealed record Todo(int Id, string Title, bool Done);

public sealed record NewTodo(string? Title);

public sealed record TodoChange(bool Done);
