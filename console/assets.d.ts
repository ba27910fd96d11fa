/** Files that the build puts beside the scripts: importing one gives its address. */
declare module '*.svg' {
  const address: string
  export default address
}
declare module '*.css'
