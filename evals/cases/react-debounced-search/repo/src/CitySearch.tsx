import { useState } from "react";

import type { Search } from "./api";
import { useCities } from "./useCities";

export function CitySearch({ search }: { search: Search }) {
  const [text, setText] = useState("");
  const { cities, loading, error } = useCities(text, search);

  return (
    <>
      <label>
        City <input value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      {loading && <p role="status">Searching…</p>}
      {error !== null && <p role="alert">{error}</p>}
      <ul>
        {cities.map((city) => (
          <li key={city}>{city}</li>
        ))}
      </ul>
    </>
  );
}
