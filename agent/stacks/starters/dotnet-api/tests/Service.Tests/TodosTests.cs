using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using Service.Todos;

namespace Service.Tests;

public sealed class TodosTests(WebApplicationFactory<Program> factory)
    : IClassFixture<WebApplicationFactory<Program>>
{
    private readonly HttpClient _client = factory.CreateClient();

    [Fact]
    public async Task The_service_is_up()
    {
        var response = await _client.GetAsync("/health");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_todo_is_added_read_and_done()
    {
        var created = await _client.PostAsJsonAsync("/todos", new NewTodo(" Milk "));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);

        var todo = await _client.GetFromJsonAsync<Todo>(created.Headers.Location);
        Assert.Equal("Milk", todo?.Title);

        var changed = await _client.PatchAsJsonAsync(
            created.Headers.Location,
            new TodoChange(true)
        );
        Assert.True((await changed.Content.ReadFromJsonAsync<Todo>())?.Done);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("  ")]
    public async Task A_todo_needs_a_title(string? title)
    {
        var response = await _client.PostAsJsonAsync("/todos", new NewTodo(title));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task An_unknown_todo_is_not_found()
    {
        var response = await _client.GetAsync("/todos/999999");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }
}
