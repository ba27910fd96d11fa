import type { AlertTier } from '#domain/alert.ts'

/**
 * The eight colours of Okabe and Ito without black, which neither theme shows well: people with any kind of colour
 * blindness tell them apart. Grafana's own green, yellow and red are not used.
 */
export const colours = {
  blue: '#0072B2',
  skyBlue: '#56B4E9',
  green: '#009E73',
  yellow: '#F0E442',
  orange: '#E69F00',
  vermillion: '#D55E00',
  purple: '#CC79A7',
  grey: '#8A8F98',
} as const
export type Colour = (typeof colours)[keyof typeof colours]

/** How bad, from a calm hue to one that is not; orange is left out, because some take it for yellow or vermillion. */
export const tierColours: Readonly<Record<AlertTier, Colour>> = {
  notice: colours.skyBlue,
  warning: colours.yellow,
  serious: colours.vermillion,
  danger: colours.purple,
}

/** Well, and not known. */
export const wellColour = colours.blue
export const unknownColour = colours.grey
