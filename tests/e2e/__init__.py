"""The site in a real browser: journeys of people, and the budgets that every page keeps."""
