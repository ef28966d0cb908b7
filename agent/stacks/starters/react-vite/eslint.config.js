import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default defineConfig(globalIgnores(["dist", "coverage"]), js.configs.recommended, tseslint.configs.recommended, {
  plugins: { "react-hooks": reactHooks },
  rules: reactHooks.configs.recommended.rules,
});
