throw new Error('the module was told to throw');
