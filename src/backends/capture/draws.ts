/** Random numbers that streams have drawn, those of `changing` left out: a step that draws cannot be recorded. */
export const draws = {count: 0, counting: true};
