import { type FormEvent, useState } from "react";

interface Props {
  onAdd: (title: string) => void;
}

export function AddTask({ onAdd }: Props) {
  const [title, setTitle] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (title.trim()) {
      onAdd(title.trim());
      setTitle("");
    }
  }

  return (
    <form onSubmit={submit}>
      <label htmlFor="title">New task</label>
      <input id="title" value={title} onChange={(event) => setTitle(event.target.value)} />
      <button type="submit">Add</button>
    </form>
  );
}
