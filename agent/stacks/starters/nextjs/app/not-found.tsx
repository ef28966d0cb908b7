import Link from "next/link";

export default function NotFound() {
  return (
    <main>
      <h1>There is nothing here</h1>
      <Link href="/">Back to the start</Link>
    </main>
  );
}
