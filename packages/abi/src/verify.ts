export * from "@keifu/verify";
