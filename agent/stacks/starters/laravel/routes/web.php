<?php

use Illuminate\Support\Facades\Route;

Route::get('/', fn (): array => ['name' => config('app.name'), 'health' => '/up', 'notes' => '/api/notes']);
