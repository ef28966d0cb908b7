<?php

namespace App\Http\Controllers;

use App\Http\Requests\NoteRequest;
use App\Http\Resources\NoteResource;
use App\Models\Note;
use Illuminate\Http\Resources\Json\AnonymousResourceCollection;
use Illuminate\Http\Response;

class NoteController extends Controller
{
    public function index(): AnonymousResourceCollection
    {
        return NoteResource::collection(Note::query()->orderByDesc('pinned')->orderBy('id')->paginate());
    }

    public function store(NoteRequest $request): NoteResource
    {
        return NoteResource::make(Note::query()->create($request->validated()));
    }

    public function show(Note $note): NoteResource
    {
        return NoteResource::make($note);
    }

    public function update(NoteRequest $request, Note $note): NoteResource
    {
        $note->update($request->validated());

        return NoteResource::make($note);
    }

    public function destroy(Note $note): Response
    {
        $note->delete();

        return response()->noContent();
    }
}
