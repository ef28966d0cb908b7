export interface Recipe {
  id: number;
  title: string;
  minutes: number;
  ingredients: string[];
}

export const RECIPES: readonly Recipe[] = [
  { id: 1, title: "Tomato soup", minutes: 30, ingredients: ["tomatoes", "onion", "basil"] },
  { id: 2, title: "Basil pesto", minutes: 10, ingredients: ["basil", "pine nuts", "parmesan"] },
  { id: 3, title: "Onion tart", minutes: 75, ingredients: ["onion", "cream", "flour"] },
  { id: 4, title: "Apple pie", minutes: 90, ingredients: ["apples", "flour", "butter"] },
  { id: 5, title: "Bruschetta", minutes: 15, ingredients: ["bread", "tomatoes", "Basil"] },
];
