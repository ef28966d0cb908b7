<?php

namespace Tests\Feature;

use App\Models\Note;
use Illuminate\Foundation\Testing\RefreshDatabase;
use Tests\TestCase;

class NotesTest extends TestCase
{
    use RefreshDatabase;

    public function test_the_application_is_up(): void
    {
        $this->get('/up')->assertOk();
        $this->getJson('/')->assertOk()->assertJsonPath('notes', '/api/notes');
    }

    public function test_a_note_is_written_and_read(): void
    {
        $id = $this->postJson('/api/notes', ['title' => 'Milk'])
            ->assertCreated()
            ->assertJsonPath('data.pinned', false)
            ->json('data.id');

        $this->getJson("/api/notes/{$id}")->assertOk()->assertJsonPath('data.title', 'Milk');
    }

    public function test_a_note_needs_a_title(): void
    {
        $this->postJson('/api/notes', ['body' => 'x'])->assertUnprocessable()->assertJsonValidationErrors('title');
    }

    public function test_pinned_notes_come_first(): void
    {
        Note::factory()->create(['title' => 'Later']);
        Note::factory()->create(['title' => 'First', 'pinned' => true]);

        $this->getJson('/api/notes')->assertOk()->assertJsonPath('data.0.title', 'First');
    }

    public function test_a_note_is_changed_and_deleted(): void
    {
        $note = Note::factory()->create();

        $this->patchJson("/api/notes/{$note->id}", ['pinned' => true])->assertOk()->assertJsonPath('data.pinned', true);
        $this->deleteJson("/api/notes/{$note->id}")->assertNoContent();
        $this->getJson("/api/notes/{$note->id}")->assertNotFound();
    }
}
