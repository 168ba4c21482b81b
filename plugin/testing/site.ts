export { type Site, type SiteFile, type SiteOptions, STRICT_CSP, serveSite } from '../../scripts/io/serveSite.ts';
