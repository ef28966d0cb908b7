import { useState } from "react";

export interface Task {
  id: number;
  title: string;
  done: boolean;
}

export function useTasks() {
  const [tasks, setTasks] = useState<Task[]>([]);

  function add(title: string) {
    setTasks((before) => [...before, { id: before.length + 1, title, done: false }]);
  }

  function toggle(id: number) {
    setTasks((before) => before.map((task) => (task.id === id ? { ...task, done: !task.done } : task)));
  }

  return { tasks, add, toggle };
}
