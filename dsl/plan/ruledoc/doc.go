package ruledoc
