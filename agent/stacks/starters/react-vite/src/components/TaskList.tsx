import type { Task } from "../hooks/useTasks";

interface Props {
  tasks: Task[];
  onToggle: (id: number) => void;
}

export function TaskList({ tasks, onToggle }: Props) {
  return (
    <ul>
      {tasks.map((task) => (
        <li key={task.id}>
          <label>
            <input type="checkbox" checked={task.done} onChange={() => onToggle(task.id)} />
            {task.title}
          </label>
        </li>
      ))}
    </ul>
  );
}
