// Types of JSON columns, as a product declares them.

export interface Settings {
  theme: "dark" | "light";
}

export interface Author {
  name: string;
}
