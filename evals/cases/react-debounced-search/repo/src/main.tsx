import { createRoot } from "react-dom/client";

import { searchCities } from "./api";
import { CitySearch } from "./CitySearch";

createRoot(document.getElementById("root")!).render(<CitySearch search={searchCities} />);
