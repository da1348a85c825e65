/** The sign of snowgate: a gate of six arms. Its colours are right on light and dark. */
export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0f5ea8"/><g stroke="#fff" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round" fill="none"><path d="M16 5v22M6.5 10.5l19 11M6.5 21.5l19-11"/><path d="M13 6.8l3 2.7 3-2.7M13 25.2l3-2.7 3 2.7M6.4 14.2l3.9-1-1-3.9M25.6 17.8l-3.9 1 1 3.9M6.4 17.8l3.9 1-1 3.9M25.6 14.2l-3.9-1 1-3.9"/></g></svg>
`;
