import { useEffect, useState } from "react";

import type { Search } from "./api";

export interface Cities {
  cities: string[];
  loading: boolean;
  error: string | null;
}

export function useCities(text: string, search: Search): Cities {
  const [cities, setCities] = useState<string[]>([]);
  const [loading, setLoading] = useState(false);

  useEffect(() => {
    setLoading(true);
    void search(text).then((found) => {
      setCities(found);
      setLoading(false);
    });
  }, [text, search]);

  return { cities, loading, error: null };
}
