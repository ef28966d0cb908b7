"use client";

import { type FormEvent, useState } from "react";

import { greet } from "@/lib/greet";

export function GreetingForm() {
  const [name, setName] = useState("");
  const [greeting, setGreeting] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    setGreeting(greet(name));
  }

  return (
    <form onSubmit={submit}>
      <label htmlFor="name">Your name</label>
      <input id="name" value={name} onChange={(event) => setName(event.target.value)} />
      <button type="submit">Greet</button>
      <p role="status">{greeting}</p>
    </form>
  );
}
