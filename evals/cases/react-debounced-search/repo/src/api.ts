export type Search = (text: string, signal?: AbortSignal) => Promise<string[]>;

export const searchCities: Search = async (text, signal) => {
  const answer = await fetch(`/api/cities?q=${encodeURIComponent(text)}`, { signal: signal ?? null });
  return (await answer.json()) as string[];
};
