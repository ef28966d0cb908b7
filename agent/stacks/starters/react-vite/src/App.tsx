import { AddTask } from "./components/AddTask";
import { TaskList } from "./components/TaskList";
import { useTasks } from "./hooks/useTasks";

export function App() {
  const { tasks, add, toggle } = useTasks();
  const open = tasks.filter((task) => !task.done).length;

  return (
    <main>
      <h1>Tasks</h1>
      <AddTask onAdd={add} />
      <p role="status">{open === 0 ? "Nothing to do." : `${open} to do`}</p>
      <TaskList tasks={tasks} onToggle={toggle} />
    </main>
  );
}
