import Link from "next/link";

import { GreetingForm } from "@/components/GreetingForm";

export default function HomePage() {
  return (
    <main>
      <h1>Welcome</h1>
      <GreetingForm />
      <p>
        <Link href="/about">About this site</Link>
      </p>
    </main>
  );
}
