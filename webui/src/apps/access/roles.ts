export const roles = [
	{ value: "user", name: "User" },
	{ value: "administrator", name: "Administrator" },
];
