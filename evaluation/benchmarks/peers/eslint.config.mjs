import react from "@eslint-react/eslint-plugin";
import parser from "@typescript-eslint/parser";

export default [
  {
    ...react.configs.recommended,
    files: ["**/*.{ts,tsx,js,jsx}"],
    languageOptions: { parser, parserOptions: { ecmaFeatures: { jsx: true } } },
  },
];
