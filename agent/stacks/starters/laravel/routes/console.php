<?php

use App\Models\Note;
use Illuminate\Support\Facades\Artisan;

Artisan::command('notes:count', function (): void {
    $this->info(Note::query()->count().' notes');
})->purpose('Say how many notes there are');
