import { ref } from "vue";

export interface Task {
  id: number;
  title: string;
  done: boolean;
}

export function useTasks() {
  const tasks = ref<Task[]>([]);

  function add(title: string) {
    tasks.value.push({ id: tasks.value.length + 1, title, done: false });
  }

  function toggle(id: number) {
    const task = tasks.value.find((entry) => entry.id === id);
    if (task) {
      task.done = !task.done;
    }
  }

  return { tasks, add, toggle };
}
